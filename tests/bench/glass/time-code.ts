/**
 * A clock in the picture: what a camera paints into its frames and a watcher reads off them. Both functions run in
 * pages, so each holds all it needs. The time is the machine's, which both browsers share: the low 20 bits of its
 * milliseconds (17 minutes), as black and white blocks, which every codec keeps.
 */

/** Makes the page's camera a canvas of 1280 by 720 that shows the time, moving noise behind it. */
export function paintTime(fps: number): void {
  const BITS = 20
  const BLOCK = 64
  navigator.mediaDevices.getUserMedia = () => {
    const canvas = document.createElement('canvas')
    canvas.width = 1280
    canvas.height = 720
    const paint = canvas.getContext('2d')
    if (!paint) throw new Error('no canvas')
    let count = 0
    const draw = () => {
      count += 1
      // Something for the encoder to do, like a camera held by hand.
      for (let y = 0; y < 720; y += 60) {
        for (let x = 0; x < 1280; x += 80) {
          paint.fillStyle = `hsl(${(x + y * 3 + count * 7) % 360} 60% ${35 + ((x * y + count * 5) % 30)}%)`
          paint.fillRect(x, y, 80, 60)
        }
      }
      const now = Math.round(performance.timeOrigin + performance.now()) % 2 ** BITS
      for (let bit = 0; bit < BITS; bit += 1) {
        paint.fillStyle = (now >> bit) & 1 ? '#fff' : '#000'
        paint.fillRect(bit * BLOCK, 0, BLOCK, BLOCK)
      }
    }
    draw()
    setInterval(draw, 1_000 / fps)
    return Promise.resolve(canvas.captureStream(fps))
  }
}

/** Notes, for every new time that the only tile shows, how old it is in milliseconds: `window.ages`. */
export function readTime(): void {
  const BITS = 20
  const small = document.createElement('canvas')
  small.width = BITS
  small.height = 1
  const look = small.getContext('2d', { willReadFrequently: true })
  const ages: number[] = []
  Object.assign(window, { ages })
  let last = -1
  const sizeOf = (picture: HTMLVideoElement | HTMLCanvasElement) =>
    picture instanceof HTMLVideoElement
      ? [picture.videoWidth, picture.videoHeight]
      : [picture.width, picture.height]
  const read = () => {
    requestAnimationFrame(read)
    const tile = document.querySelector('[data-camera]')
    const picture = tile?.querySelector('canvas') ?? tile?.querySelector('video')
    if (!picture || !look) return
    const [width = 0, height = 0] = sizeOf(picture)
    if (width === 0) return
    // The middle of each block, whatever size the picture was sent in.
    const block = width / BITS
    look.drawImage(picture, 0, block * 0.25, width, Math.min(height, block * 0.5), 0, 0, BITS, 1)
    const { data } = look.getImageData(0, 0, BITS, 1)
    let time = 0
    for (let bit = 0; bit < BITS; bit += 1) if ((data[bit * 4] ?? 0) > 127) time += 2 ** bit
    if (time === last) return
    last = time
    const now = Math.round(performance.timeOrigin + performance.now()) % 2 ** BITS
    ages.push((now - time + 2 ** BITS) % 2 ** BITS)
  }
  requestAnimationFrame(read)
}
