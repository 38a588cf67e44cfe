/** What the command `way` does. */
import { CommandFault } from '../../lib/direction/commands.ts'
import type { Seat } from '../../lib/seat.ts'
import type { Way } from '../way.ts'
import type { Answers } from './answers.ts'

/** The choice is kept with the seat, so that a reload does not undo it. */
export const wayAnswers = (way: Way, seat: Pick<Seat, 'update'>): Pick<Answers, 'way'> => ({
  way({ choice }) {
    if (way.directOff !== undefined && choice !== 'relay') {
      const fault = new CommandFault('unsupported', 'Direct video is switched off on this phone.')
      return Promise.reject(fault)
    }
    way.choose(choice)
    seat.update({ notes: { way: choice } })
    return Promise.resolve()
  },
})
