// Owns how long a free-flow adapter remembers what it was told; longer than any vendor repeats it.
// Must not be about the hub's own facts; those have their retention.

/** Autopay repeats for a week, EasyPark hourly until it is taken. */
const days = 90

export function keepDays(now: Date): Date {
  return new Date(now.getTime() - days * 86_400_000)
}
