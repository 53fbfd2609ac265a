# SPDX-License-Identifier: GPL-2.0-or-later
# The clean root, and what is put into it.

source_files ()
{
  local file

  { git ls-files -co --exclude-standard 2>/dev/null || find . -path './build*' -prune -o -type f -print; } |
    while IFS= read -r file; do
      [[ ! -f $file ]] || echo "${file#./}"
    done
}

# source_tarball FILE: the tree as git knows it (or all of it, if it comes from a tarball), always the same bytes.
source_tarball ()
{
  (cd "$source" && source_files | LC_ALL=C sort >"$work/files")
  tar -C "$source" -T "$work/files" --transform "s,^,nm-divert-$version/," --sort=name --mtime="@$stamp" --owner=0 \
    --group=0 --numeric-owner --mode=u=rwX,go=rX -cf - | gzip -9n >"$1"
}

# root_sources: sources.list lines for the suite, with the mirror that apt uses here.
root_sources ()
{
  local uris mirror

  uris=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    sed -nE 's/^deb (\[[^]]*\] )?([^ ]+) .*/\2/p; s/^URIs: *([^ ]+).*/\1/p' || true)
  mirror=$(grep -m 1 -E '/debian/?$' <<<"$uris" || grep -m 1 /debian <<<"$uris")
  echo "deb $mirror $suite main"
}

# What the backend suite looks with.
ROOT_LOOKS=(conntrack dbus-daemon iproute2 iptables iputils-ping kmod network-manager nftables openssl polkitd procps
            strace)

# root_packages: what the control file wants. Of alternatives, the first is for new suites, the last for old ones.
root_packages ()
{
  local pick='s/ *\|.*//' libraries=''

  [[ $suite != bookworm ]] || pick='s/.*\| *//'
  # What is linked with comes from the other architecture, and what runs while building from this one.
  [[ $kind != aarch64 ]] || libraries='s/^lib.*-dev$/&:arm64/'
  sed -n '/^Build-Depends:/,/^[A-Z]/s/^ //p' "$here/debian/control" |
    sed -E -e 's/ *\([^)]*\)//g; s/ *<[^>]*>//g; s/,.*//' -e "$pick" -e 's/^debhelper-compat$/debhelper/' \
      -e '/^dh-sequence-/d' -e "$libraries"
  echo dpkg-dev fakeroot file util-linux
  case $kind in
    deb) echo lintian ;;
    rpm) echo rpm ;;
    aarch64) echo crossbuild-essential-arm64 qemu-user ;;
    i386) echo "${ROOT_LOOKS[@]}" ;;
  esac
}

# root_architectures: the root's own, and others that may be installed beside it.
root_architectures ()
{
  case $kind in
    aarch64) echo "$(dpkg --print-architecture),arm64" ;;
    i386) echo i386 ;;
    *) dpkg --print-architecture ;;
  esac
}

# root_run: makes the root, builds inside it as an ordinary user, and puts the results into $work/out. The backend suite
# needs root, and namespaces.
root_run ()
{
  local sources enter='chroot "$1" runuser -u builder --'
  # In a chroot, nobody may make a user namespace or make mounts private.  So this makes it the root of its mounts, as a
  # container's is.
  local inside='mount --rbind "$0" "$0" && cd "$0" && mount -t proc proc proc && pivot_root . . && umount -l . &&
    exec "$@"'

  [[ $kind != i386 ]] || enter="unshare --mount --pid --net --fork bash -c '$inside' \"\$1\""
  mapfile -t sources < <(root_sources)
  mmdebstrap --variant=buildd --format=null --architectures="$(root_architectures)" \
    --aptopt='Apt::Install-Recommends "false"' \
    ${stale:+--aptopt='Acquire::Check-Valid-Until "false"'} --dpkgopt=force-unsafe-io \
    --include="$(root_packages | paste -sd ' ')" \
    --customize-hook="copy-in $work/in /opt" \
    --customize-hook='chroot "$1" useradd -m builder' \
    --customize-hook='chroot "$1" install -d -o builder /opt/out' \
    --customize-hook="$enter bash /opt/in/inside.bash $kind $version $stamp $twice" \
    --customize-hook="copy-out /opt/out $work" \
    "$suite" /dev/null "${sources[@]}"
}
