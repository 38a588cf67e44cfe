/** Which pages may call the API and the socket [SEC-1]. */
export interface Origins {
  /** Requests without an Origin come from no page, and are not held to this. */
  allows(origin: string): boolean
  /** Those that may also frame the pages [SEC-5]. */
  readonly embedders: readonly string[]
}

/**
 * @param own origins of this server's own pages; asked anew each time, since a machine's addresses change
 * @param allowed origins named by the operator
 */
export const createOrigins = (own: () => readonly string[], allowed: readonly string[]): Origins => ({
  allows: (origin) => allowed.includes(origin) || own().includes(origin),
  embedders: allowed,
})
