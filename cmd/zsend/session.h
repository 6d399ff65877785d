/* SPDX-License-Identifier: MIT */
/* zsend without --raw: finding the receiver, and as many sessions as it takes. */
#ifndef ZSEND_SESSION_H
#define ZSEND_SESSION_H

#include "base/monitor.h"
#include "net/session.h"
#include "settings.h"

/* Sends all that the settings name. Returns the exit status; what went wrong is reported. Adds to totals. */
enum session_status session_run(const struct settings *settings, struct monitor *monitor,
                                struct transfer_totals *totals);

#endif
