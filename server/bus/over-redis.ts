import { inboxChannel, type RedisLink } from '../redis/commands.ts'
import { failureOfAnswer, RedisFailure } from '../redis/failure.ts'
import { keepOpen, type Opened } from '../redis/keep-open.ts'
import { textsOf } from '../redis/messages.ts'
import { BusUnavailable, type Bus } from './bus.ts'

/** Opens a subscription; resolves when it is live. */
export type Subscribe = (
  channel: string,
  message: (text: string) => void,
  ended: AbortSignal,
) => Promise<Opened>

const unavailable = (error: unknown): unknown =>
  error instanceof RedisFailure ? new BusUnavailable(error.message) : error

/** The bus over Redis' publish and subscribe, whichever way leads there. */
export function createRedisBus(link: RedisLink, subscribe: Subscribe, prefix: string): Bus {
  let stop: () => void = () => undefined
  return {
    listen(inbox, listener) {
      let over = false
      const end = keepOpen({
        open: (ended) =>
          subscribe(
            inboxChannel(prefix, inbox),
            (message) => {
              for (const text of textsOf(message)) {
                // What is on its way when listening ends is for nobody.
                if (!over) listener.deliver(text)
              }
            },
            ended,
          ),
        opened: () => listener.opened(),
        cut: (why) => listener.cut(why.message),
      })
      stop = () => {
        over = true
        end()
      }
      return stop
    },
    async send(to, text) {
      try {
        const channel = inboxChannel(prefix, to)
        const [answer] = await link.ask([['PUBLISH', channel, text]], { inOrder: [channel] })
        if (answer === undefined || 'error' in answer) throw failureOfAnswer(answer?.error ?? '')
        return Number(answer.value)
      } catch (error) {
        throw unavailable(error)
      }
    },
    async close() {
      stop()
      await link.close()
    },
  }
}
