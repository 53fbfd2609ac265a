# SPDX-License-Identifier: GPL-2.0-or-later
# A person at a plain terminal, who is asked for the administrator's password.

# polkit has a root program check the password. Traditionally it is setuid. Since 127, systemd may start it through a
# socket, which the lab doesn't have, and some distributions remove the setuid bit.
lab_agent_up ()
{
  local program
  for program in /usr/lib/polkit-1/polkit-agent-helper-1 /usr/libexec/polkit-agent-helper-1 \
    /usr/libexec/polkit-1/polkit-agent-helper-1; do
    [[ ! -f $program || -L $program ]] || chmod 4755 "$program"
  done
}

# typed PASSWORD ARGUMENTS AS…: runs nm-divert with ARGUMENTS at a terminal, through AS, which runs a command as
# somebody. While the question is open, it runs $LAB_MEANWHILE, if set. The exit code is then in $LAB_LOGS/code, and the
# terminal's text in $LAB_LOGS/screen.
typed ()
{
  local password=$1 arguments=$2 keys=/run/lab/keys terminal
  shift 2
  rm -f $keys "$LAB_LOGS/screen" "$LAB_LOGS/code"
  mkfifo $keys
  # Opened for both reading and writing, so that neither side waits for the other to open it.
  "$@" script -qefc "nm-divert $arguments" /dev/null <>$keys >"$LAB_LOGS/screen" 2>&1 &
  terminal=$!
  if until_true 30 is_asked; then
    ${LAB_MEANWHILE:-:}
    echo "$password" 1<>$keys
  else
    kill $terminal
  fi
  wait $terminal
  echo $? >"$LAB_LOGS/code"
}

# The question is open, and typed text is hidden. Before that, it would be thrown away.
is_asked ()
{
  local terminal
  terminal=$(ps -o tty= -C pkttyagent) || return 1
  grep -q Password: "$LAB_LOGS/screen" && [[ $(stty -a -F "/dev/${terminal// /}") == *\ -echo\ * ]]
}
