/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which listeners are the proxy's, remembered from one look to the next.
 */
#pragma once

#include "proxy-listener.h"

G_BEGIN_DECLS

typedef struct DivertProxyOwned DivertProxyOwned;

DivertProxyOwned *divert_proxy_owned_new (void);
void              divert_proxy_owned_free (DivertProxyOwned *owned);
/* What is remembered may be wrong, because the proxy is another one. */
void              divert_proxy_owned_forget (DivertProxyOwned *owned);

/* Around a look at the listeners, at time @now (monotonic).  @gid and @unit: as in divert_owners_read(). */
void              divert_proxy_owned_begin (DivertProxyOwned *owned, guint32 gid, const char *unit, gint64 now);
void              divert_proxy_owned_end (DivertProxyOwned *owned);
/* As DivertIsProxys, @user_data being a DivertProxyOwned. */
gboolean          divert_proxy_owned_has (const DivertSocket *socket, gpointer user_data);

G_END_DECLS
