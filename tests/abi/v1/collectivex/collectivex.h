/* SPDX-License-Identifier: Apache-2.0 */
/* Everything a plugin may include, in one line. */
#ifndef COLLECTIVEX_COLLECTIVEX_H
#define COLLECTIVEX_COLLECTIVEX_H

#include "collectivex/backend.h"
#include "collectivex/card.h"
#include "collectivex/content.h"
#include "collectivex/core.h"
#include "collectivex/device.h"
#include "collectivex/digest.h"
#include "collectivex/ep.h"
#include "collectivex/field.h"
#include "collectivex/option.h"
#include "collectivex/peers.h"
#include "collectivex/shape.h"
#include "collectivex/status.h"
#include "collectivex/types.h"

#endif
