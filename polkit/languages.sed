# SPDX-License-Identifier: GPL-2.0-or-later
# polkitd looks a language up by its locale's name (zh_CN). Since 0.23, gettext writes the BCP 47 tag (zh-Hans-CN).
s/(xml:lang="[a-z]+)(-[A-Z][a-z]{3})?-([A-Z]{2}")/\1_\3/
