/**
 * The service that usually has a port: names of the IANA registry, and those that custom gave to well-known programs. Only a
 * hint: nothing keeps another program from listening there.
 */
import type { TransportProtocol } from '#contract/vocabulary.ts'

/** `port name`, for TCP and UDP alike. */
const NAMES = `
  1 tcpmux, 7 echo, 9 discard, 11 systat, 13 daytime, 17 qotd, 19 chargen, 20 ftp-data, 21 ftp, 22 ssh,
  23 telnet, 25 smtp, 37 time, 39 rlp, 42 nameserver, 43 whois, 49 tacacs, 50 re-mail-ck, 53 domain, 63 whoispp,
  64 covia, 65 tacacs-ds, 66 sql-net, 67 bootps, 68 bootpc, 69 tftp, 70 gopher, 71 netrjs, 78 vettcp, 79 finger,
  80 http, 82 xfer, 83 mit-ml-dev, 84 ctf, 88 kerberos, 92 npp, 93 dcp, 94 objcall, 95 supdup, 96 dixie,
  98 linuxconf, 100 newacct, 101 hostname, 102 iso-tsap, 105 csnet-ns, 106 pop3pw, 107 rtelnet, 109 pop2,
  110 pop3, 111 sunrpc, 112 mcidas, 113 ident, 115 sftp, 117 uucp-path, 119 nntp, 123 ntp, 135 epmap,
  137 netbios-ns, 138 netbios-dgm, 139 netbios-ssn, 143 imap, 152 bftp, 153 sgmp, 161 snmp, 162 snmptrap,
  163 cmip-man, 174 mailq, 177 xdmcp, 179 bgp, 194 irc, 199 smux, 201 at-rtmp, 202 at-nbp, 209 qmtp, 210 z3950,
  213 ipx, 220 imap3, 264 bgmp, 345 pawserv, 346 zserv, 366 odmr, 369 rpc2portmap, 370 codaauth2, 371 clearcase,
  372 ulistserv, 389 ldap, 406 imsp, 407 timbuktu, 427 svrloc, 434 mobileip-agent, 435 mobilip-mn, 443 https,
  444 snpp, 445 microsoft-ds, 458 appleqtc, 464 kpasswd, 465 submissions, 497 retrospect, 500 isakmp, 502 mbap,
  515 printer, 517 talk, 518 ntalk, 521 ripng, 524 ncp, 525 timed,
  526 tempo, 530 courier, 531 conference, 532 netnews, 533 netwall, 540 uucp, 543 klogin, 544 kshell,
  546 dhcpv6-client, 547 dhcpv6-server, 548 afp, 554 rtsp, 563 nntps, 587 submission, 601 syslog-conn, 607 nqs,
  616 gii, 623 ipmi, 631 ipp, 636 ldaps, 646 ldp, 655 tinc, 674 acap, 694 heartbeat, 698 olsr, 706 silc,
  749 kerberos-adm, 750 kerberos-iv, 765 webster, 767 phonebook, 775 moira-db, 783 spamd, 808 omirr,
  830 netconf-ssh, 871 supfilesrv, 873 rsync, 875 rquotad, 901 swat, 953 rndc, 988 lustre, 989 ftps-data,
  990 ftps, 992 telnets, 993 imaps, 995 pop3s, 1080 socks, 1098 jmx, 1099 rmiregistry, 1194 openvpn, 1344 icap,
  1352 lotusnote, 1433 ms-sql-s, 1434 ms-sql-m, 1521 oracle, 1524 ingreslock, 1525 prospero-np, 1666 perforce,
  1701 l2tp, 1720 h323hostcall, 1723 pptp, 1812 radius, 1813 radius-acct, 1883 mqtt, 1900 ssdp, 1935 rtmp,
  1985 hsrp, 2000 cisco-sccp, 2003 graphite, 2004 graphite-pickle, 2049 nfs, 2086 gnunet, 2102 zephyr-srv,
  2105 eklogin, 2119 gsigatekeeper, 2123 gtp-control, 2152 gtp-user, 2159 gdbserver, 2181 zookeeper, 2207 hplip,
  2224 pcsd, 2345 delve, 2375 docker, 2376 docker-s, 2377 swarm, 2379 etcd-client, 2380 etcd-server,
  2401 cvspserver, 2427 mgcp, 2430 coda, 2944 megaco, 2947 gpsd, 3000 grafana, 3002 aerospike, 3050 firebird,
  3100 loki, 3121 pacemaker-remote, 3128 squid, 3205 isns, 3225 fcip, 3260 iscsi-target, 3299 saprouter,
  3300 ceph-mon-v2, 3301 tarantool, 3306 mysql, 3310 clamd, 3334 orangefs, 3389 ms-wbt-server, 3420 ifcp,
  3478 stun, 3493 nut, 3544 teredo, 3632 distcc, 3690 svn, 3702 wsd, 3784 bfd-control, 3785 bfd-echo,
  4001 ipfs, 4045 nlockmgr, 4140 linkerd, 4190 sieve, 4222 nats, 4242 opentsdb, 4369 epmd, 4440 rundeck,
  4444 i2p-http, 4500 ipsec-nat-t, 4505 salt-publish, 4506 salt-return, 4567 galera, 4568 galera-ist, 4569 iax,
  4646 nomad-http, 4647 nomad-rpc, 4648 nomad-serf, 4661 edonkey, 4730 gearman, 4789 vxlan, 4822 guacd,
  4848 glassfish-admin, 4899 radmin, 5000 sybase, 5001 registry, 5002 rfe, 5003 ipfs-api, 5005 jdwp,
  5038 asterisk-ami, 5044 logstash-beats, 5060 sip, 5061 sips, 5222 xmpp-client, 5269 xmpp-server, 5308 cfengine,
  5349 turn-tls, 5353 mdns, 5355 llmnr, 5357 ws-discovery, 5404 corosync-2, 5405 corosync, 5431 upnp,
  5432 postgresql, 5433 yugabyte, 5555 celery-flower, 5601 kibana, 5666 nagios, 5667 nsca, 5671 amqps, 5672 amqp,
  5678 debugpy, 5683 coap, 5684 coaps, 5800 rfb-http, 5900 vnc, 5901 vnc-1, 5902 vnc-2, 5903 vnc-3, 5904 vnc-4,
  5905 vnc-5, 5906 vnc-6, 5907 vnc-7, 5908 vnc-8, 5909 vnc-9, 5910 vnc-10, 5930 spice, 5938 teamviewer,
  5984 couchdb, 5985 wsman, 5986 wsmans, 6000 x11, 6001 x11-1, 6002 x11-2, 6006 tensorboard, 6032 proxysql-admin,
  6033 proxysql, 6082 varnish-admin, 6333 qdrant, 6346 gnutella-svc, 6379 redis, 6432 pgbouncer,
  6443 kube-apiserver, 6444 sge-qmaster, 6445 sge-execd, 6514 syslog-tls, 6566 sane, 6633 openflow-old,
  6640 ovsdb, 6641 ovn-nb, 6642 ovn-sb, 6653 openflow, 6667 ircd, 6696 babel, 6697 ircs, 6789 ceph-mon,
  6800 ceph-osd, 6801 ceph-osd-2, 6802 ceph-osd-3, 6803 ceph-osd-4, 6817 slurmctld, 6818 slurmd, 6819 slurmdbd,
  6878 lsf, 6881 bittorrent, 7000 afs3-fileserver, 7001 afs3-callback, 7002 weblogic, 7004 afs3-kaserver,
  7005 afs3-volser, 7007 afs3-bos, 7070 anydesk, 7077 spark, 7474 neo4j, 7480 rados-gw, 7656 i2p,
  7687 neo4j-bolt, 7700 meilisearch, 7788 drbd, 7990 bitbucket, 8003 beegfs-storage, 8005 beegfs-meta,
  8006 proxmox, 8007 proxmox-backup, 8008 http-alt, 8009 ajp, 8010 buildbot, 8015 tomcat-shutdown,
  8020 hdfs-namenode, 8032 yarn, 8042 yarn-web, 8065 mattermost, 8080 http-alt, 8081 nexus, 8082 traefik,
  8083 patroni, 8086 influxdb, 8087 riak, 8088 radan-http, 8089 splunkd, 8090 confluence, 8091 couchbase,
  8092 couchbase-api, 8096 emby, 8108 typesense, 8111 teamcity, 8118 privoxy, 8123 home-assistant, 8125 statsd,
  8140 puppet, 8200 vault, 8300 consul-rpc, 8301 consul-lan, 8302 consul-wan, 8332 bitcoin-rpc, 8333 bitcoin,
  8404 haproxy-stats, 8443 https-alt, 8448 matrix-federation, 8472 vxlan-linux, 8500 consul, 8529 arangodb,
  8545 ethereum-rpc, 8600 consul-dns, 8649 ganglia, 8786 dask, 8787 dask-web, 8883 mqtts, 8888 jupyter,
  8891 milter, 8893 opendmarc, 8983 solr, 8989 maxscale, 9000 clickhouse, 9001 sonarqube, 9042 cassandra,
  9050 tor-socks, 9051 tor-control, 9088 informix, 9090 prometheus, 9091 pushgateway, 9092 kafka,
  9093 alertmanager, 9100 node-exporter, 9101 bacula-dir, 9102 bacula-fd, 9103 bacula-sd, 9115 blackbox-exporter,
  9116 snmp-exporter, 9130 erlang-dist, 9177 libvirt-exporter, 9200 elasticsearch, 9229 node-inspector,
  9300 elasticsearch-transport, 9312 sphinx, 9333 seaweedfs, 9339 gnmi, 9392 veeam, 9418 git, 9420 moosefs,
  9422 moosefs-chunk, 9618 condor, 9870 hdfs-web, 9901 envoy-admin, 9987 teamspeak, 9990 jboss-mgmt, 9999 pgpool,
  10000 webmin, 10001 jitsi-videobridge, 10002 hive, 10003 hive-server, 10006 veeam-agent, 10024 amavis,
  10025 amavis-return, 10031 policyd, 10050 zabbix-agent, 10051 zabbix-trapper, 10080 amanda, 10250 kubelet,
  10257 kube-controller-manager, 10259 kube-scheduler, 10809 nbd, 11211 memcache, 11300 beanstalkd, 11332 rspamd,
  11334 rspamd-web, 11434 ollama, 12201 gelf, 12345 dovecot-auth, 13720 veritas-netbackup, 13782 bpcd,
  14500 xpra, 15001 pbs, 15010 istio-pilot, 15672 rabbitmq-management, 16000 hbase, 16379 redis-bus,
  16509 libvirt, 16514 libvirt-tls, 17988 hp-ilo-console, 17990 ilo-remote, 18080 monero, 18812 rpyc,
  19530 milvus, 19999 netdata, 20048 mountd, 21027 syncthing-discovery, 21050 impala, 21116 rustdesk,
  22000 syncthing, 24007 glusterd, 24008 glusterd-rdma, 24224 fluentd, 24800 synergy, 25565 minecraft,
  25826 collectd, 26257 cockroachdb, 26379 redis-sentinel, 27015 steam, 27017 mongodb, 27018 mongodb-shard,
  27019 mongodb-config, 27960 quake3, 28015 rethinkdb, 29015 rethinkdb-cluster, 30015 hana, 30303 ethereum-p2p,
  32400 plex, 33060 mysqlx, 49152 libvirt-migrate, 49153 gluster-brick, 50000 db2, 51413 transmission,
  51820 wireguard, 55413 urbackup, 61613 stomp, 61614 stomp-ssl, 61616 activemq, 64738 mumble`

/** Where the two protocols differ. */
const OF_PROTOCOL: Readonly<Record<TransportProtocol, string>> = {
  tcp: '514 shell, 512 exec, 513 login, 520 efs, 6081 varnish',
  udp: '514 syslog, 512 biff, 513 who, 520 router, 6081 geneve'
}

const tableOf = (text: string): [number, string][] =>
  text.split(',').flatMap((entry) => {
    const [port = '', name] = entry.trim().split(' ')
    return name === undefined ? [] : [[Number(port), name]]
  })

const COMMON = tableOf(NAMES)
const TABLES: Readonly<Record<TransportProtocol, ReadonlyMap<number, string>>> = {
  tcp: new Map([...COMMON, ...tableOf(OF_PROTOCOL.tcp)]),
  udp: new Map([...COMMON, ...tableOf(OF_PROTOCOL.udp)])
}

/** null = none is known. */
export const serviceName = (port: number, protocol: TransportProtocol = 'tcp'): string | null =>
  TABLES[protocol].get(port) ?? null
