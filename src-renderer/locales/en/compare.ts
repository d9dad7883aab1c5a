/** Comparing servers, or machines. */
export const compare = {
  kind: { label: 'What is compared', server: 'Servers', vm: 'Machines' },
  metric: 'Metric',
  by: 'By',
  order: { label: 'Order', highest: 'Highest', lowest: 'Lowest' },
  title: { highest: 'Highest: {metric}', lowest: 'Lowest: {metric}' },
  bar: 'min {min} · mean {mean} · max {max}',
  draw: 'Draw in one chart',
  drawTip: 'The first six, in one chart',
  csvTip: 'Save this table',
  fileName: 'compare',
  none: 'Nothing was measured of this metric in this range. Choose a longer range, or another metric.',
  busy: {
    server: '{metric}, mean of {count} server | {metric}, mean of {count} servers',
    vm: '{metric}, mean of {count} machine | {metric}, mean of {count} machines'
  }
}
