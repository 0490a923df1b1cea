/* SPDX-License-Identifier: Apache-2.0 */
/* The allow-list of variables, and the signs of a container. */
#include "target/environment.h"

#include "target/secret.h"
#include "target/value.h"

#include <string.h>

#define VALUE_BYTES_MAX 16384

/* A name that ends in '_' allows all that begin so. */
static const char *const allowed_names[] = {
    "COLLECTIVEX_",
    "CUDA_DEVICE_MAX_CONNECTIONS",
    "CUDA_DEVICE_ORDER",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_MODULE_LOADING",
    "CUDA_VISIBLE_DEVICES",
    "CX_",
    "DEEPEP_",
    "EP_",
    "FI_",
    "GPU_MAX_HW_QUEUES",
    "HIP_VISIBLE_DEVICES",
    "HSA_",
    "I_MPI_",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "MC_",
    "MORI_",
    "MPICH_",
    "NCCL_",
    "NVIDIA_VISIBLE_DEVICES",
    "NVSHMEM_",
    "OMPI_COMM_WORLD_LOCAL_SIZE",
    "OMPI_COMM_WORLD_SIZE",
    "OMPI_MCA_",
    "OMP_NUM_THREADS",
    "OMP_PLACES",
    "OMP_PROC_BIND",
    "PYTORCH_CUDA_ALLOC_CONF",
    "RCCL_",
    "ROCR_VISIBLE_DEVICES",
    "ROCSHMEM_",
    "SGLANG_DEEPEP_",
    "SLURM_CPUS_PER_TASK",
    "SLURM_CPU_BIND",
    "SLURM_GPUS_ON_NODE",
    "SLURM_JOB_CPUS_PER_NODE",
    "SLURM_JOB_ID",
    "SLURM_JOB_NODELIST",
    "SLURM_JOB_NUM_NODES",
    "SLURM_JOB_PARTITION",
    "SLURM_LOCALID",
    "SLURM_MEM_BIND",
    "SLURM_NNODES",
    "SLURM_NODEID",
    "SLURM_NTASKS",
    "SLURM_NTASKS_PER_NODE",
    "SLURM_PROCID",
    "SLURM_STEP_ID",
    "SLURM_TASKS_PER_NODE",
    "UCCL_",
    "UCC_",
    "UCX_",
    "WORLD_SIZE",
};

/* Names of the image a container was made from, most specific first. */
static const char *const image_names[]  = {"CX_IMAGE", "COLLECTIVEX_IMAGE", "CONTAINER_IMAGE",
                                           "APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"};
static const char *const digest_names[] = {"CX_IMAGE_DIGEST", "COLLECTIVEX_IMAGE_DIGEST"};

/* Signs of a container: a file, or a variable that is set. The first that applies names the kind.
 */
static const struct {
    const char *kind, *path, *variable;
} signs[] = {
    {"apptainer", NULL, "APPTAINER_CONTAINER"},
    {"singularity", NULL, "SINGULARITY_CONTAINER"},
    {"enroot", NULL, "ENROOT_ROOTFS"},
    {"kubernetes", NULL, "KUBERNETES_SERVICE_HOST"},
    {"podman", "run/.containerenv", NULL},
    {"docker", ".dockerenv", NULL},
    {"other", NULL, "container"}, /* what systemd's interface asks every manager to set */
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_allowed(const char *variable, size_t name_length)
{
    for (size_t i = 0; i < COUNT_OF(allowed_names); i++) {
        const char  *name      = allowed_names[i];
        const size_t length    = strlen(name);
        const bool   is_prefix = name[length - 1] == '_';

        if (strncmp(variable, name, length) == 0 && (is_prefix || name_length == length)) {
            return true;
        }
    }
    return false;
}

/* The whole "NAME=value" is scanned, because the name tells what the value is. Addresses stay:
 * redaction turns them into hashes. */
static json_t *clean_value(const char *variable, const char *value)
{
    const size_t    length  = strlen(variable);
    size_t          scanned = 0;
    cx_secret_hit_t hit;

    if (length > VALUE_BYTES_MAX) {
        return json_string("removed-too-long");
    }
    for (;;) {
        cx_secret_find(variable, length, scanned, &hit);
        if (hit.kind == CX_SECRET_NONE) {
            return cx_value_text(value);
        }
        if (!cx_secret_identifies(hit.kind)) {
            return json_sprintf("removed-%s", cx_secret_slug(hit.kind));
        }
        scanned = hit.offset_bytes + hit.length_bytes;
    }
}

json_t *cx_environment_allowed(const char *const *variables)
{
    json_t *out = json_object();

    for (; *variables && out; variables++) {
        const size_t name_length = strcspn(*variables, "=");

        if ((*variables)[name_length] == '=' && is_allowed(*variables, name_length) &&
            json_object_setn_new(out, *variables, name_length,
                                 clean_value(*variables, *variables + name_length + 1)) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    return out;
}

static const char *find_variable(const char *const *variables, const char *name)
{
    const size_t length = strlen(name);

    for (; *variables; variables++) {
        if (strncmp(*variables, name, length) == 0 && (*variables)[length] == '=') {
            return *variables + length + 1;
        }
    }
    return NULL;
}

static const char *find_first(const char *const *variables, const char *const names[], size_t count)
{
    const char *value = NULL;

    for (size_t i = 0; i < count && !value; i++) {
        value = find_variable(variables, names[i]);
    }
    return value;
}

json_t *cx_environment_container(const cx_root_t *root, const char *const *variables)
{
    const char *kind = NULL;

    for (size_t i = 0; i < COUNT_OF(signs) && !kind; i++) {
        const bool has_file     = signs[i].path && cx_root_has(root, signs[i].path);
        const bool has_variable = signs[i].variable && find_variable(variables, signs[i].variable);

        kind = has_file || has_variable ? signs[i].kind : NULL;
    }
    return json_pack(
        "{s:b, s:o, s:o, s:o}", "is_detected", kind != NULL, "kind", cx_value_text(kind), "image",
        cx_value_text(find_first(variables, image_names, COUNT_OF(image_names))), "image_digest",
        cx_value_text(find_first(variables, digest_names, COUNT_OF(digest_names))));
}
