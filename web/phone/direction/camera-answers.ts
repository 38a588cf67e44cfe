/** What commands do with this phone's camera. */
import { CommandFault } from '../../lib/direction/commands.ts'
import type { Camera } from '../camera.ts'
import type { Answers } from './answers.ts'

export const cameraAnswers = (camera: Camera): Pick<Answers, 'light'> => ({
  async light({ on }) {
    if (camera.torch.peek() === undefined) throw new CommandFault('unsupported', 'This camera has no light.')
    await camera.setTorch(on)
    if (camera.torch.peek() !== on) throw new CommandFault('failed', 'The light could not be switched.')
  },
})
