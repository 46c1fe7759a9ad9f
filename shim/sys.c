#include "sys.h"

int sys_getsockopt_int(int fd, int option, int *value)
{
    socklen_t len = sizeof *value;

    *value = 0;
    return (int)SYS5(SYS_getsockopt, fd, SOL_SOCKET, option, value, &len);
}
