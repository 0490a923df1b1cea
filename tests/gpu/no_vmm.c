/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's library without memory that is shared by descriptor, to try the other way on a real
 * GPU. Linked against the driver's own, in which all other calls are found:
 *   cc -shared -fPIC -o libno_vmm.so no_vmm.c -Wl,--no-as-needed -l:libcuda.so.1
 * and named by CX_CUDA_PATH. */
int cuMemCreate(void **out, unsigned long bytes, const void *kind, unsigned long long flags);
int cuMemCreate(void **out, unsigned long bytes, const void *kind, unsigned long long flags)
{
    (void)out;
    (void)bytes;
    (void)kind;
    (void)flags;
    return 801; /* CUDA_ERROR_NOT_SUPPORTED */
}
