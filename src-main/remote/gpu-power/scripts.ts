/**
 * Scripts of the lanes of cards, sensors and power. POSIX sh; files of /sys are read by one `grep` each (see domain/gpu-power/sysfs.ts), and
 * files that are not there, or cannot be read now, are passed over. `root` is '' but in tests.
 */
import { NVIDIA_FIELDS, type NvidiaField } from '../../domain/gpu/nvidia-query.ts'
import { quote } from '../ssh/quote.ts'

const HWMON_DEVICES = `for h in "$R"/sys/class/hwmon/hwmon*; do cd -P "$h/device" && printf '%s/@device:%s\\n' "\${h##*/}" "$PWD"; done`
const begin = (root: string): string => `R=${quote(root)}`

export const sensorsScript = (root = ''): string => `${begin(root)}
${HWMON_DEVICES}
cd "$R"/sys/class/hwmon && grep -sH '' hwmon*/name hwmon*/temp*_input hwmon*/temp*_label hwmon*/temp*_max hwmon*/temp*_crit hwmon*/temp*_fault hwmon*/fan*_input hwmon*/fan*_label hwmon*/device/name hwmon*/device/temp*_input hwmon*/device/temp*_label hwmon*/device/temp*_max hwmon*/device/temp*_crit hwmon*/device/fan*_input hwmon*/device/fan*_label
echo @thermal
cd "$R"/sys/class/thermal && grep -sH '' thermal_zone*/type thermal_zone*/temp thermal_zone*/trip_point_*_type thermal_zone*/trip_point_*_temp
:`

/** @param sudo `sudo -n ` or '' */
export const powerScript = (sudo: '' | 'sudo -n ', root = ''): string => `${begin(root)}
read -r u rest < /proc/uptime; printf 'uptime/sec:%s\\n' "$u"
echo @rapl
if cd "$R"/sys/class/powercap; then
  grep -sH '' intel-rapl*:*/name intel-rapl*:*/energy_uj intel-rapl*:*/max_energy_range_uj
  for f in intel-rapl*:*/energy_uj; do
    [ -e "$f" ] && [ ! -r "$f" ] && { ${sudo === '' ? 'false' : `${sudo}grep -sH '' "$f"`} || printf '%s/@denied:1\\n' "\${f%/*}"; }
  done
fi
echo @hwmon
${HWMON_DEVICES}
cd "$R"/sys/class/hwmon && grep -sH '' hwmon*/name hwmon*/power*_input hwmon*/power*_average hwmon*/power*_label
echo @supply
cd "$R"/sys/class/power_supply && grep -sH '' */type */scope */status */present */capacity */power_now */current_now */voltage_now
:`

/** @param sudo `sudo -n ` or '' */
export const ipmiScript = (sudo: '' | 'sudo -n ', root = ''): string => `${begin(root)}
for d in "$R"/dev/ipmi0 "$R"/dev/ipmi/0 "$R"/dev/ipmidev/0; do [ -e "$d" ] && break; done
[ -e "$d" ] || { echo @nodevice; exit 0; }
command -v ipmitool >/dev/null || { echo @notool; exit 0; }
${sudo}ipmitool dcmi power reading 2>&1`

export const gpuSurveyScript = (root = ''): string => `${begin(root)}
command -v nvidia-smi >/dev/null && echo nvidia-smi/there:1
cd "$R"/sys/bus/pci/devices && for d in *; do
  read -r c < "$d/class"
  case $c in 0x0300*|0x0302*|0x0380*) read -r v < "$d/vendor"; printf 'pci/%s:%s\\n' "$d" "$v";; esac
done
echo @lspci
command -v lspci >/dev/null && lspci -D -mm | grep -E '"(VGA|3D|Display) '
:`

export const drmScript = (root = ''): string => `${begin(root)}
read -r u rest < /proc/uptime; printf 'uptime/sec:%s\\n' "$u"
for c in "$R"/sys/class/drm/card*; do
  [ -e "$c/device/vendor" ] || continue
  cd -P "$c/device/driver" && printf '%s/@driver:%s\\n' "\${c##*/}" "\${PWD##*/}"
  cd -P "$c/device" && printf '%s/@address:%s\\n' "\${c##*/}" "\${PWD##*/}"
done
cd "$R"/sys/class/drm && grep -sH '' card*/gt_act_freq_mhz card*/gt/gt0/rps_act_freq_mhz card*/lmem_total_bytes card*/device/vendor card*/device/device card*/device/product_name card*/device/unique_id card*/device/gpu_busy_percent card*/device/mem_info_vram_total card*/device/mem_info_vram_used card*/device/tile0/gt0/freq0/act_freq card*/device/hwmon/hwmon*/temp*_label card*/device/hwmon/hwmon*/temp*_input card*/device/hwmon/hwmon*/power1_average card*/device/hwmon/hwmon*/power1_input card*/device/hwmon/hwmon*/power1_cap card*/device/hwmon/hwmon*/power1_max card*/device/hwmon/hwmon*/pwm1 card*/device/hwmon/hwmon*/pwm1_max card*/device/hwmon/hwmon*/energy1_input
:`

/** The shell becomes nvidia-smi, so that its number is known should it hang. */
export const nvidiaFollowScript = (fields: readonly NvidiaField[]): string => `printf '@pid %s\\n' "$$"
exec nvidia-smi --query-gpu=${fields.join(',')} --format=csv,noheader,nounits -l 10 2>&1`

export const ALL_FIELDS: readonly NvidiaField[] = NVIDIA_FIELDS

export const NVIDIA_LIST_SCRIPT = `nvidia-smi -L 2>&1
echo @table
nvidia-smi 2>&1`

/** Whose a process is, the owner of its folder in /proc says. */
const OWNERS = `o=; for p in $P; do case $p in *[!0-9]*) ;; *) o="$o /proc/$p";; esac; done
echo @owners
[ -n "$o" ] && stat -c '%n %U' $o
:`

export const NVIDIA_PROCESSES_SCRIPT = `A=$(nvidia-smi --query-compute-apps=gpu_uuid,pid,used_memory,process_name --format=csv,noheader,nounits)
B=$(nvidia-smi pmon -c 1 -s m)
printf '@apps\\n%s\\n@pmon\\n%s\\n' "$A" "$B"
P=$(printf '%s\\n' "$A" | cut -d, -f2; printf '%s\\n' "$B" | awk '$3 == "G" { print $2 }')
${OWNERS}`

export const amdProcessesScript = (root = ''): string => `${begin(root)}
cd "$R"/sys/class/kfd/kfd/topology/nodes && for n in *; do
  read -r i < "$n/gpu_id" && printf 'node%s/gpu_id:%s\\n' "$n" "$i"
  while read -r k v; do case $k in location_id|domain) printf 'node%s/%s:%s\\n' "$n" "$k" "$v";; esac; done < "$n/properties"
done
cd "$R"/sys/class/kfd/kfd/proc && grep -sH '' [0-9]*/vram_*
P=$(cd "$R"/sys/class/kfd/kfd/proc && echo [0-9]*)
echo @names
for p in $P; do case $p in *[!0-9]*) ;; *) read -r n < "$R/proc/$p/comm" && printf '%s %s\\n' "$p" "$n";; esac; done
${OWNERS}`

/** Only a nvidia-smi is ended: the number may be another process's by now. Says `gone` when nothing is left. */
export const endNvidiaScript = (pid: number): string => `p=${pid}
read -r n < /proc/$p/comm || { echo gone; exit 0; }
[ "$n" = nvidia-smi ] || { echo gone; exit 0; }
kill -9 $p
sleep 1
[ -d /proc/$p ] || echo gone`
