/* The smallest program worth starting: what exec costs is what the loader does. */
int main(void)
{
    return 0;
}
