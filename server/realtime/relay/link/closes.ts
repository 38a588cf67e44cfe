/** Close codes of a link between instances. */
export const LINK_CLOSES = {
  /** Nobody watches there any more. */
  done: 1000,
  /** It was not proven, or said what no instance says. */
  refused: 4401,
  /** The camera is not here, or not any more. */
  absent: 4404,
} as const
