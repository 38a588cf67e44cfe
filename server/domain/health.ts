/** Whether instances share their state at the moment. */
export interface Health {
  readonly state: 'shared' | 'degraded'
  /** Why it is degraded and what mends it; holds no secret. */
  readonly reason?: string
}

/** Who knows how the shared store is. */
export interface HealthSource {
  readonly health: Health
  /** Tells of every change. @returns ends it */
  onHealth(listener: (health: Health) => void): () => void
  /** Asks the store now how it is: somebody has a sign that it may be lost, or back. */
  check(): void
}
