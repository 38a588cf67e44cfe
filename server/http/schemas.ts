import { Problem } from '../protocol/api.ts'
import { PROBLEMS } from '../protocol/problems.ts'

/** In OpenAPI: the call takes a session's token. */
export const security = [{ session: [] }]

/** Problem answers of a call, for OpenAPI. */
export function described(...statuses: readonly number[]): Record<number, object> {
  const problems = Object.values(PROBLEMS)
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: problems
          .filter((problem) => problem.status === status)
          .map((problem) => problem.title)
          .join('; '),
        content: { 'application/problem+json': { schema: Problem } },
      },
    ]),
  )
}
