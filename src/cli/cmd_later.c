#include "cli/commands.h"
int cx_cmd_conform(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}
