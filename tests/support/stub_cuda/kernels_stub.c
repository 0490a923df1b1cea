/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for compiled kernels, so that the devices are tested where no vendor's compiler is.
 * The stub library runs its own C versions of them. */
extern const unsigned char cx_gpu_image[];
const unsigned char        cx_gpu_image[] = "STUB";
