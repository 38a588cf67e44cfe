/** Where a photo got stuck, as both screens say it. */
export type StillStage = 'taking' | 'sending' | 'checking'

/** A photo that did not arrive. The message is for people. */
export class StillFault extends Error {
  override readonly name = 'StillFault'
  readonly stage: StillStage

  constructor(stage: StillStage, message: string, options?: ErrorOptions) {
    super(message, options)
    this.stage = stage
  }
}

/** What is happening with a photo; `part` of it is there, 0 to 1. */
export type StillProgress =
  | { readonly stage: 'taking' }
  | { readonly stage: 'sending'; readonly part: number }
  | { readonly stage: 'checking' }

/** "Sending the photo, 40%". */
export const progressWords = (progress: StillProgress): string =>
  progress.stage === 'taking'
    ? 'Taking a photo'
    : progress.stage === 'sending'
      ? `Sending the photo, ${Math.floor(progress.part * 100)}%`
      : 'Checking the photo'
