/** A small line in the middle. It comes late: what passes by itself in a moment is not worth a word on a stream. */
export const Quiet = ({ children }: { children: string }) => (
  <p class="quiet" role="status" key={children}>
    {children}
  </p>
)
