/** Order statistics of a series of measurements. */
export interface Figures {
  readonly min: number
  readonly median: number
  readonly max: number
}

export function figuresOf(values: readonly number[]): Figures {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const middle = Math.floor(sorted.length / 2)
  return {
    min: at(0),
    median: sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2,
    max: at(sorted.length - 1),
  }
}

/** A table of figures, one row a measurement. */
export function printFigures(rows: Readonly<Record<string, readonly number[]>>, unit: string): void {
  console.table(
    Object.fromEntries(
      Object.entries(rows).map(([name, values]) => {
        const { min, median, max } = figuresOf(values)
        return [
          name,
          {
            runs: values.length,
            [`median ${unit}`]: Math.round(median),
            min: Math.round(min),
            max: Math.round(max),
          },
        ]
      }),
    ),
  )
}
