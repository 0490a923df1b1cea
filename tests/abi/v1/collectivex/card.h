/* SPDX-License-Identifier: Apache-2.0 */
/* What an accelerator is, and how two of them are linked, as its driver says it without opening
 * either. Not how it is doing now (cx_device_telemetry_t), and nothing that was measured.
 *
 * What the driver does not say is unknown, never guessed: a virtual machine may hide links. */
#ifndef COLLECTIVEX_CARD_H
#define COLLECTIVEX_CARD_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cx_answer { CX_ANSWER_UNKNOWN, CX_ANSWER_NO, CX_ANSWER_YES } cx_answer_t;

/* Texts are empty when unknown. */
typedef struct cx_card {
    char        model[128];
    char        uuid[96];         /* of the slice, where this is one */
    char        address[32];      /* on the PCI bus, as the kernel writes it: "0000:1b:00.0" */
    char        architecture[32]; /* "sm_90", "gfx942" */
    char        driver[96];       /* driver and runtime: "580.159.04 (CUDA 13.0)" */
    char        partition[32]; /* "none", "mig", or the vendor's word for how the card is cut up */
    bool        is_slice;      /* this device is a part of a card */
    int64_t     memory_bytes;  /* 0 unknown */
    int32_t     numa_node_index; /* -1 unknown */
    cx_answer_t has_ecc, is_persistent;
} cx_card_t;

/* From one card to another. Of lanes and speed it is the whole link that is meant, one direction,
 * as built, not as measured. */
typedef struct cx_link {
    char    kind[16];   /* "nvlink", "xgmi", "pcie", "system" (between sockets); empty unknown */
    char    path[8];    /* of PCIe, as nvidia-smi has it: PIX, PXB, PHB, NODE, SYS; empty unknown */
    int32_t lane_count; /* 0 unknown */
    double  bytes_per_s; /* NAN unknown */
    /* May one reach the other's memory so: "ok", or why not; empty unknown. */
    char read[40], write[40], atomics[40];
} cx_link_t;

#ifdef __cplusplus
}
#endif
#endif
