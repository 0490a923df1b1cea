/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the library, loads it once per process, and says which one it is.
 * Not its use: no communicator is made here, and no device is touched. */

/* The library of this process. It stays loaded, because it owns threads. */
static struct {
    xccl_api_t  api;
    int         version;
    const char *path; /* as the dynamic linker knows it; NULL until loaded */
} library;

static const struct {
    const char *symbol;
    size_t      offset;
    bool        is_required;
} functions[] = {
#define XCCL_FUNCTION(member, symbol, is_required, result, parameters) \
    {symbol, offsetof(xccl_api_t, member), is_required},
    XCCL_FUNCTION_MAP(XCCL_FUNCTION)
#undef XCCL_FUNCTION
};

/* Where wheels unpack; a place begins with the value of its variable, if it has one. */
static const struct {
    const char *variable, *pattern;
} wheel_places[] = {
    {"VIRTUAL_ENV", "/lib/python3*/site-packages/" XCCL_WHEEL_FILE},
    {"CONDA_PREFIX", "/lib/python3*/site-packages/" XCCL_WHEEL_FILE},
    {"HOME", "/.local/lib/python3*/site-packages/" XCCL_WHEEL_FILE},
    {NULL, "/usr/local/lib/python3*/*-packages/" XCCL_WHEEL_FILE},
    {NULL, "/usr/lib/python3*/*-packages/" XCCL_WHEEL_FILE},
};

static const char *variable_or_empty(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

/* ---- which file ------------------------------------------------------------------------------ */

/* What the user chose: a file, or a folder that holds it, perhaps in lib/. */
static bool find_chosen(char out[PATH_MAX])
{
    const char *chosen = variable_or_empty(XCCL_PATH_VARIABLE);
    struct stat facts;

    (void)snprintf(out, PATH_MAX, "%s", chosen);
    if (stat(chosen, &facts) == 0 && S_ISDIR(facts.st_mode)) {
        (void)snprintf(out, PATH_MAX, "%s/%s", chosen, XCCL_SONAME);
        if (access(out, F_OK) != 0) {
            (void)snprintf(out, PATH_MAX, "%s/lib/%s", chosen, XCCL_SONAME);
        }
    }
    return chosen[0] != '\0';
}

static bool find_in_wheel(char out[PATH_MAX])
{
    bool is_found = false;

    for (size_t i = 0; i < sizeof wheel_places / sizeof *wheel_places && !is_found; i++) {
        const char *variable = wheel_places[i].variable;
        const char *root     = variable ? variable_or_empty(variable) : "";
        char        pattern[PATH_MAX];
        glob_t      matches;

        if (variable && !root[0]) {
            continue;
        }
        (void)snprintf(pattern, sizeof pattern, "%s%s", root, wheel_places[i].pattern);
        if (glob(pattern, 0, NULL, &matches) == 0) {
            (void)snprintf(out, PATH_MAX, "%s", matches.gl_pathv[0]);
            globfree(&matches);
            is_found = true;
        }
    }
    return is_found;
}

static void choose_file(char out[PATH_MAX])
{
    if (!find_chosen(out) && !find_in_wheel(out)) {
        (void)snprintf(out, PATH_MAX, "%s", XCCL_SONAME);
    }
}

/* ---- only one ------------------------------------------------------------------------------- */

/* A name without a slash is one file with what the linker already has under that name. */
static bool is_same_file(const char *loaded, const char *file)
{
    struct stat a, b;

    if (!strchr(file, '/')) {
        void *handle = dlopen(file, RTLD_LAZY | RTLD_NOLOAD);

        if (handle) {
            (void)dlclose(handle);
        }
        return handle != NULL;
    }
    return stat(loaded, &a) == 0 && stat(file, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Two of them in one process would fight over devices and over each other's symbols. */
static cx_status_t refuse_second(const cx_core_t *core, const char *file)
{
    loaded_t loaded;

    find_loaded(XCCL_STEM, &loaded);
    if (!loaded.path[0] || is_same_file(loaded.path, file)) {
        return CX_OK;
    }
    return CX_CORE_FAIL(
        core, CX_UNSUPPORTED,
        "%s is loaded in this process already, so %s cannot be: a process holds one "
        "%s; set " XCCL_PATH_VARIABLE " to the first",
        loaded.path, file, XCCL_LABEL);
}

/* ---- loading -------------------------------------------------------------------------------- */

/* ISO C has no cast from what dlsym returns to a function. */
static cx_status_t resolve(const cx_core_t *core, void *handle, const char *file, xccl_api_t *api)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *symbol = dlsym(handle, functions[i].symbol);

        if (!symbol && functions[i].is_required) {
            return CX_CORE_FAIL(core, CX_UNSUPPORTED,
                                "%s has no function %s: it is no %s, or older than 2.7; %s", file,
                                functions[i].symbol, XCCL_LABEL, XCCL_REMEDY);
        }
        memcpy((char *)api + functions[i].offset, &symbol, sizeof symbol);
    }
    return CX_OK;
}

static cx_status_t ask_version(const cx_core_t *core, const char *file)
{
    xccl_result_t result = library.api.get_version(&library.version);
    Dl_info       place;
    void         *symbol;

    if (result != XCCL_SUCCESS) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED, "%s does not tell its version: %s", file,
                            library.api.get_error_string(result));
    }
    memcpy(&symbol, &library.api.get_version, sizeof symbol);
    library.path = dladdr(symbol, &place) != 0 && place.dli_fname ? place.dli_fname : XCCL_SONAME;
    return CX_OK;
}

/**
 * The library, loaded on the first call.
 *
 * errors  CX_UNSUPPORTED none was found, it cannot be loaded, or another one is loaded already
 */
static cx_status_t load_library(const cx_core_t *core)
{
    char        file[PATH_MAX];
    void       *handle;
    cx_status_t status;

    if (library.path) {
        return CX_OK;
    }
    choose_file(file);
    status = refuse_second(core, file);
    if (status != CX_OK) {
        return status;
    }
    handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        return CX_CORE_FAIL(core, CX_UNSUPPORTED, "%s cannot be loaded: %s; %s", XCCL_LABEL,
                            dlerror(), /* NOLINT(concurrency-mt-unsafe): one thread loads */
                            XCCL_REMEDY);
    }
    status = resolve(core, handle, file, &library.api);
    if (status == CX_OK) {
        status = ask_version(core, file);
    }
    if (status != CX_OK) {
        (void)dlclose(handle);
    }
    return status;
}

/* Until 2.8 a version was written with three digits less. What the environment imposes on the
 * library's choices is told with it, because it is all that can be known of them. */
static void describe_library(char *out, size_t out_bytes)
{
    const int   code = library.version, unit = code < 10000 ? 1000 : 10000;
    const char *algorithm = variable_or_empty("NCCL_ALGO"),
               *protocol  = variable_or_empty("NCCL_PROTO");

    (void)snprintf(out, out_bytes, "%d.%d.%d%s%.40s%s%.40s", code / unit, code % unit / 100,
                   code % 100, algorithm[0] ? ", NCCL_ALGO=" : "", algorithm,
                   protocol[0] ? ", NCCL_PROTO=" : "", protocol);
}
