import type { CommandArgs, CommandName } from '../../lib/direction/commands.ts'

/** Asks one camera; rejects with `CommandFault`. `withinMs` as of the director. */
export type Ask = <N extends CommandName>(
  name: N,
  args: CommandArgs<N>,
  withinMs?: number,
) => Promise<unknown>
