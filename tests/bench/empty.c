/* The least a program costs: what a command's start is compared with. */
int main(void)
{
	return 0;
}
