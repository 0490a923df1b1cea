/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for compiled kernels, so that devices and backends are tested where no vendor's
 * compiler is. The stub library runs its own C versions of them. */
extern const unsigned char cx_gpu_image[], cx_shuffle_image[];
const unsigned char        cx_gpu_image[] = "STUB", cx_shuffle_image[] = "STUB";
