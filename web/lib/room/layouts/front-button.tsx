/** Over a small tile: brings it to the front. */
export function FrontButton({ name, onPress }: { name: string; onPress: () => void }) {
  return <button type="button" class="tile-front" aria-label={`Show ${name} large`} onClick={onPress} />
}
