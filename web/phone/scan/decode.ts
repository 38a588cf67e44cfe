/** The texts of all QR codes that the video shows now. */
export type Decode = (video: HTMLVideoElement) => Promise<readonly string[]>
