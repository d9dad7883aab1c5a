/** Lines for the operator to copy; made of constants only. */

const INSTALL: ReadonlyMap<string, string> = new Map([
  ['apt-get', 'sudo apt-get install -y'],
  ['dnf', 'sudo dnf install -y'],
  ['yum', 'sudo yum install -y'],
  ['zypper', 'sudo zypper --non-interactive install'],
  ['pacman', 'sudo pacman -S --noconfirm'],
  ['apk', 'sudo apk add']
])

/** The line that installs smartctl, or brings a newer one; null with a package tool that is not known. */
export function installSmart(packageTool: string | null): string | null {
  const install = packageTool === null ? undefined : INSTALL.get(packageTool)
  return install === undefined ? null : `${install} smartmontools`
}

/**
 * Lets the login user ask for the health of disks, and nothing else. Takes effect with the server's switch "use sudo".
 * `$USER` and `command -v` are the server's shell's to fill in.
 */
export const ALLOW_SMART =
  'echo "$USER ALL=(root) NOPASSWD: $(PATH=$PATH:/usr/sbin command -v smartctl) --json -a -n standby /dev/*" | sudo tee /etc/sudoers.d/virthelm-smart'
