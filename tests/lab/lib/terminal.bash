# SPDX-License-Identifier: GPL-2.0-or-later
# A person at a plain terminal, who is asked for the administrator's password.

# polkit has the password checked by a program that is root's: of old it is setuid; since 127 systemd may start it by
# a socket, which the lab has not, and some distributions take the bit away.
lab_agent_up ()
{
  local program
  for program in /usr/lib/polkit-1/polkit-agent-helper-1 /usr/libexec/polkit-agent-helper-1 \
    /usr/libexec/polkit-1/polkit-agent-helper-1; do
    [[ ! -f $program || -L $program ]] || chmod 4755 "$program"
  done
}

# typed PASSWORD ARGUMENTS AS…: nm-divert with ARGUMENTS at a terminal, by way of AS, which runs a command as somebody.
# While the question stands, $LAB_MEANWHILE happens, if it is set.
# Leaves its exit code in $LAB_LOGS/code, and what could be read there in $LAB_LOGS/screen.
typed ()
{
  local password=$1 arguments=$2 keys=/run/lab/keys terminal
  shift 2
  rm -f $keys "$LAB_LOGS/screen" "$LAB_LOGS/code"
  mkfifo $keys
  # Both for reading and for writing: nobody waits for another to open it.
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

# The question is there, and what is typed is not shown: until then it would be thrown away.
is_asked ()
{
  local terminal
  terminal=$(ps -o tty= -C pkttyagent) || return 1
  grep -q Password: "$LAB_LOGS/screen" && [[ $(stty -a -F "/dev/${terminal// /}") == *\ -echo\ * ]]
}
