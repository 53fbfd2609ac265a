# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the clean root, as an ordinary user but for i386, and leaves packages in /opt/out if KIND makes any.
# inside.bash KIND VERSION SECONDS [twice]   SECONDS: the date of everything that is made
set -euo pipefail

kind=$1 version=$2 twice=${4-}
export SOURCE_DATE_EPOCH=$3 LC_ALL=C.UTF-8 HOME=/home/builder
unset TMPDIR
tarball=/opt/in/nm-divert-$version.tar.gz

note () { echo "# $*"; }

# unpack DIRECTORY: the source in there.
unpack ()
{
  mkdir -p "$1"
  tar -C "$1" -xzf "$tarball"
}

# deb_build DIRECTORY: leaves packages in there.
deb_build ()
{
  unpack "$1"
  cp "$tarball" "$1/nm-divert_$version.orig.tar.gz"
  cp -r "$1/nm-divert-$version/packaging/debian" "$1/nm-divert-$version/debian"
  (cd "$1/nm-divert-$version" && dpkg-buildpackage --no-sign)
}

# One recipe for three suites has one Standards-Version, and fields that the newest no longer needs. There is no home
# page, and so nothing to watch. The oldest wants a manual for a program in libexec, and an init script where the bus
# starts the helper, and takes nftables' "iif" for a spelling error.
DEB_TAGS=(
  out-of-date-standards-version newer-standards-version package-uses-old-debhelper-compat-version
  redundant-priority-optional-field redundant-rules-requires-root-no-field
  no-homepage-field debian-watch-file-is-missing upstream-metadata-file-is-missing
)
DEB_TAGS_OLDEST=(no-manual-page package-supports-alternative-init-but-no-init.d-script spelling-error-in-binary)

# deb_lintian CHANGES: what it finds, apart from these.
deb_lintian ()
{
  local tag suppress=()

  [[ $(dpkg-query -W -f '${Version}' lintian) != 2.116.* ]] || DEB_TAGS+=("${DEB_TAGS_OLDEST[@]}")
  for tag in "${DEB_TAGS[@]}"; do
    ! lintian-explain-tags "$tag" >/dev/null 2>&1 || suppress+=(--suppress-tags "$tag")
  done
  lintian --display-info --pedantic --no-show-overrides --quiet "${suppress[@]}" "$1" || true
}

deb ()
{
  local file

  export DEB_BUILD_OPTIONS=parallel=$(nproc)
  SECONDS=0
  deb_build /home/builder/one
  note "built and tested in $SECONDS s"
  (cd /home/builder/one && deb_lintian ./*.changes) >/home/builder/lintian 2>&1
  sed 's/^/# lintian: /' /home/builder/lintian
  [[ ! -s /home/builder/lintian ]] || return 1
  note "lintian $(dpkg-query -W -f '${Version}' lintian) finds nothing"
  if [[ -n $twice ]]; then
    TZ=Asia/Shanghai DEB_BUILD_OPTIONS='parallel=1 nocheck' deb_build /home/builder/another/path/of/a/longer/name
    for file in /home/builder/one/*.{deb,dsc,tar.*}; do
      cmp "$file" "/home/builder/another/path/of/a/longer/name/${file##*/}"
    done
    note "built again elsewhere: the same bytes"
  fi
  dpkg-deb -c /home/builder/one/nm-divert_*.deb >/opt/out/files
  cp /home/builder/one/*.{deb,dsc,tar.*,changes,buildinfo} /opt/out/
}

# Fedora's macros for meson. Debian's rpm has none.
rpm_macros ()
{
  cat >~/.rpmmacros <<'END'
%_libexecdir %{_prefix}/libexec
%_docdir %{_datadir}/doc
%_sysusersdir %{_prefix}/lib/sysusers.d
%_tmpfilesdir %{_prefix}/lib/tmpfiles.d
%_unitdir %{_prefix}/lib/systemd/system
%_sysconfdir /etc
%_localstatedir /var
%unit_option -Dsystemdsystemunitdir=%{_unitdir}
%meson meson setup build --prefix %{_prefix} --libexecdir %{_libexecdir} --buildtype plain %{unit_option}
%meson_build meson compile -C build
%meson_install meson install -C build --destdir %{buildroot} --no-rebuild
%meson_test meson test -C build --print-errorlogs --timeout-multiplier 5
%systemd_post() /usr/lib/systemd/systemd-update-helper install-system-units %{?*}
%systemd_postun_with_restart() /usr/lib/systemd/systemd-update-helper mark-restart-system-units %{?*}
%tmpfiles_create() systemd-tmpfiles --create %{?*}
%debug_package %{nil}
END
}

rpm ()
{
  local top=/home/builder/rpmbuild file

  rpm_macros
  mkdir -p $top/SOURCES
  cp "$tarball" $top/SOURCES/
  unpack /home/builder/spec
  file=/home/builder/spec/nm-divert-$version/packaging/fedora/nm-divert.spec
  rpmspec -P "$file" >/dev/null
  SECONDS=0
  rpmbuild -ba --nodeps "$file"
  note "rpmbuild built, tested and packed it in $SECONDS s"
  command rpm --dbpath /home/builder/rpmdb -qlp $top/RPMS/*/*.rpm >/opt/out/rpm-files
  cp $top/RPMS/*/*.rpm $top/SRPMS/*.rpm /opt/out/
}

# The steps of makepkg: source the recipe, unpack, and run its functions in $srcdir.
arch ()
{
  export srcdir=/home/builder/src pkgdir=/home/builder/pkg CFLAGS='-O2 -g'

  unpack $srcdir
  mkdir -p $pkgdir
  (
    cd $srcdir
    source "nm-divert-$version/packaging/arch/PKGBUILD"
    [[ $pkgver == "$version" ]]
    SECONDS=0
    build
    check
    package
    note "build(), check() and package() took $SECONDS s"
  )
  (cd $pkgdir && find . ! -type d | sort) >/opt/out/arch-files
}

# suites_run SUITE…: in ./build. Each processor has its own ways to be slow.
suites_run ()
{
  local suite suites=()

  for suite; do
    suites+=(--suite "$suite")
  done
  meson test --no-rebuild --print-errorlogs -t 10 "${suites[@]}"
  note "$*: $(jq -r .result meson-logs/testlog.json | sort | uniq -c | paste -sd ,)"
}

aarch64 ()
{
  unpack /home/builder
  cd "/home/builder/nm-divert-$version"
  meson env2mfile --cross --debarch arm64 -o ../cross.ini
  printf "[binaries]\nexe_wrapper = 'qemu-aarch64'\n" >../qemu.ini
  SECONDS=0
  meson setup build --cross-file ../cross.ini --cross-file ../qemu.ini -Dwerror=true
  ninja -C build
  note "$(file -b build/helper/nm-divert-helper | cut -d , -f 1-2), built in $SECONDS s"
  cd build
  suites_run unit golden
}

i386 ()
{
  # The root's own are read-only, and of another namespace.
  mount -t sysfs sys /sys
  mount -t cgroup2 cgroup /sys/fs/cgroup
  # Where x_tables says why it refuses a rule, and what makes tunnels.
  [[ -e /dev/kmsg ]] || mknod -m 644 /dev/kmsg c 1 11
  mkdir -p /dev/net
  [[ -e /dev/net/tun ]] || mknod -m 666 /dev/net/tun c 10 200
  unpack /home/builder
  cd "/home/builder/nm-divert-$version"
  SECONDS=0
  meson setup build -Dwerror=true
  ninja -C build
  note "$(file -b build/helper/nm-divert-helper | cut -d , -f 1-2), built in $SECONDS s, on $(uname -r)"
  cd build
  suites_run unit golden backend
}

"$kind"
