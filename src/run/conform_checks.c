/* SPDX-License-Identifier: Apache-2.0 */
/* The table of promises. Those that may leave ranks out of step come last, as ranks of a foreign
 * launcher cannot be started again. */
#include "run/conform_kit.h"

#define TABLE CX_CONFORM_NEEDS_TABLE
#define BACKEND (TABLE | CX_CONFORM_NEEDS_BACKEND)
#define CASES (BACKEND | CX_CONFORM_NEEDS_CASES)
#define DATA (CASES | CX_CONFORM_NEEDS_DATA)
#define AUDIT (CASES | CX_CONFORM_NEEDS_AUDIT)
#define PEERS (DATA | CX_CONFORM_NEEDS_PEERS)

const cx_conform_check_t cx_conform_checks[] = {
    {"abi", "the table is of this program's ABI, and whole", cx_conform_abi, 0, false},
    {"name", "the table's name is that of its file", cx_conform_name, TABLE, false},
    {"options", "options have readable defaults and carry the backend's name", cx_conform_options,
     TABLE, false},
    {"probe", "probing twice gives the same answer, and a no has a reason", cx_conform_probing,
     TABLE, false},
    {"declared", "everything declared runs, and is right", cx_conform_declared, CASES, false},
    {"undeclared", "nothing undeclared is offered, and asking for it does no harm",
     cx_conform_undeclared, BACKEND, false},
    {"open-close", "one session after the other leaves nothing behind", cx_conform_open_close,
     CASES, false},
    {"prepare-release", "one size after the other leaves nothing behind",
     cx_conform_prepare_release, CASES, false},
    {"window", "nothing is allocated, opened, read or written inside a window", cx_conform_window,
     AUDIT, false},
    {"same-bytes", "the same input gives the same bytes every time", cx_conform_same_bytes, DATA,
     false},
    {"back-to-back", "operations on slots in turn, without a pause, are all right",
     cx_conform_back_to_back, DATA, false},
    {"captured", "what is captured in a graph is right each time that it is replayed",
     cx_conform_captured, DATA, false},
    {"experts", "tokens go out to their experts and come home, and all of it is right",
     cx_conform_experts, BACKEND | CX_CONFORM_NEEDS_DATA, false},
    {"wrong-input", "what cannot be prepared is refused with a sentence", cx_conform_wrong_input,
     DATA, false},
    {"device-failure", "a device call that fails is reported, and leaves nothing behind",
     cx_conform_device_failure, CASES, false},
    {"harness", "the harness measures itself within its limits", cx_conform_harness, BACKEND,
     false},
    {"absent-peer",
     "a rank that never comes ends the wait: timeout, by its number if the host waits",
     cx_conform_absent_peer, PEERS, true},
    {NULL, NULL, NULL, 0, false},
};
