/** Where the user's data of this program lives. */
import { posix, win32 } from 'node:path'

/** Environment variables that move the folder; config.ts reads them. */
export interface FolderVariables {
  readonly XDG_DATA_HOME?: string | undefined
  readonly LOCALAPPDATA?: string | undefined
}

/**
 * The folder by the platform's convention: XDG Base Directory on Unix, Application Support on macOS,
 * LOCALAPPDATA on Windows. Nothing is created.
 */
export function dataFolder(platform: NodeJS.Platform, home: string, variables: FolderVariables): string {
  if (platform === 'win32') {
    return win32.join(variables.LOCALAPPDATA || win32.join(home, 'AppData', 'Local'), 'Pairlens')
  }
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'Pairlens')
  const moved = variables.XDG_DATA_HOME
  // XDG Base Directory Specification: "All paths must be absolute"; a relative one is to be ignored.
  return posix.join(
    moved && posix.isAbsolute(moved) ? moved : posix.join(home, '.local', 'share'),
    'pairlens',
  )
}
