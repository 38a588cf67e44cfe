/** What commands do about photos. */
import type { Answers } from '../direction/answers.ts'
import type { PhoneStills } from './stills.ts'

export const stillAnswers = (stills: Pick<PhoneStills, 'take'>): Pick<Answers, 'photo'> => ({
  photo: (_args, from) => stills.take(from),
})
