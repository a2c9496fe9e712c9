/** Whether an error, or what a program said of one, is that a disk or its user's share of it is full. */
export function isDiskFull(error: unknown, said: string): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  return /no space left on device|out of disk space|disk quota exceeded/i.test(said);
}
