/* SPDX-License-Identifier: MIT */
/* What pump.c and deliver.c share. */
#ifndef ZCOPY_MOVE_PUMP_PRIVATE_H
#define ZCOPY_MOVE_PUMP_PRIVATE_H

#include "move/pump.h"

/* The strictest halt that has been asked for. */
enum pump_halt pump_halting(const struct pump *pump);

/* The method that takes now. */
enum method pump_current(const struct pump *pump);

/* Gives up the current method because of error; false (and failed) when it was the last one. */
bool pump_next_method(struct pump *pump, enum pump_side side, int error);

enum pump_wait { WAIT_FAILED = -1, WAIT_TIMED_OUT, WAIT_READY, WAIT_HALTED };

/* Waits until fd is ready for events or the pump is halted; timeout: milliseconds, -1 for ever. Clears the
 * halt event; what was asked for is in halt. */
enum pump_wait pump_wait_for(struct pump *pump, int fd, short events, int timeout);

/* deliver.c */

/* True when delivering to the sink may block although nothing of it is ready: poll first then. */
bool pump_sink_may_block(const struct pump *pump);

/* False: the pump has stopped. */
bool pump_wait_for_sink(struct pump *pump);

/* Around what writes to the sink (pump->lock). */
void pump_lock_sink(struct pump *pump);
void pump_unlock_sink(struct pump *pump);

/* Delivers all that the route holds, which method has taken. False: the pump has stopped. */
bool pump_deliver_all(struct pump *pump, enum method method);

#endif
