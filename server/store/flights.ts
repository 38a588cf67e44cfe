/** A key, or one row of a table, that a call reads or writes. */
export interface Target {
  readonly key: string
  readonly row?: string
  readonly write: boolean
}

/** A target of a call that is under way. */
export interface Flight extends Target {
  /** Another write met it: what it found or left may not be what stands there now. */
  crossed: boolean
}

const meet = (a: Target, b: Target): boolean => a.row === undefined || b.row === undefined || a.row === b.row

/** Calls that are under way to the store, so that an answer which comes late is not taken for the truth. */
export class Flights {
  readonly #under = new Map<string, Set<Flight>>()

  begin(targets: readonly Target[]): readonly Flight[] {
    const flights = targets.map((target): Flight => ({ ...target, crossed: false }))
    // The targets of one call do not cross each other: it is one step.
    for (const flight of flights) this.#cross(flight)
    for (const flight of flights) {
      this.#under.set(flight.key, (this.#under.get(flight.key) ?? new Set()).add(flight))
    }
    return flights
  }

  end(flights: readonly Flight[]): void {
    for (const flight of flights) {
      const under = this.#under.get(flight.key)
      under?.delete(flight)
      if (under?.size === 0) this.#under.delete(flight.key)
    }
  }

  /** Something was written here without asking the store. */
  wrote(targets: readonly Target[]): void {
    for (const target of targets) this.#cross({ ...target, crossed: false })
  }

  /** Whether a write is under way. */
  writing(key: string, row?: string): boolean {
    const target = { key, write: true, ...(row === undefined ? {} : { row }) }
    return [...(this.#under.get(key) ?? [])].some((flight) => flight.write && meet(flight, target))
  }

  #cross(flight: Flight): void {
    for (const other of this.#under.get(flight.key) ?? []) {
      if (!meet(flight, other)) continue
      if (flight.write) other.crossed = true
      if (other.write) flight.crossed = true
    }
  }
}
