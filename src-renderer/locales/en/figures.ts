/** Statistics of the fleet over a range. */
export const figures = {
  tableLabel: 'Servers over the range',
  server: 'Server',
  cpuMean: 'CPU mean'
}
