/* SPDX-License-Identifier: MIT */
/* Which copy each operand becomes. */
#ifndef ZCP_OPERANDS_H
#define ZCP_OPERANDS_H

#include "copier.h"

/* Copies all operands, in cp's three forms. Failures are reported and noted. */
void operands_copy(struct copier *copier);

#endif
