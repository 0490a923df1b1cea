/* SPDX-License-Identifier: Apache-2.0 */
/* What this process may use of the machine, by its control group and all groups above it. */
#ifndef CX_TARGET_CGROUP_H
#define CX_TARGET_CGROUP_H

#include "target/root.h"

#include <jansson.h>

/* {version, quota_cpus, memory_limit_bytes, cpuset_cpus}, see probe.h. NULL: memory ran out. */
json_t *cx_cgroup_describe(const cx_root_t *root);

#endif
