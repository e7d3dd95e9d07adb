// Markdown as an enemy would have a model write it. Nothing of it may run, load or submit.
export const hostile = [
  'An answer with <script>window.hacked = 1</script> and <img src=x onerror="window.hacked = 2">.',
  '![tracker](https://tracker.example/pixel.png)',
  '[click](javascript:window.hacked=3) [data](data:text/html,<script>window.hacked=4</script>)',
  '<iframe src="https://tracker.example"></iframe> <svg onload="window.hacked = 5"></svg>',
  '<a href="https://tracker.example" onclick="window.hacked = 6">link</a>',
  '<style>body { display: none }</style> <form action="https://tracker.example"></form>',
  '[reference][r]\n\n[r]: javascript:window.hacked=7',
  '<javascript:window.hacked=8> <https://tracker.example/auto>',
  '```html\n<script>window.hacked = 9</script>\n```',
  '`<img src=x onerror=window.hacked=10>`',
  '[vb](vbscript:x) [spaces]( java\tscript:window.hacked=11) [entity](&#106;avascript:window.hacked=12)',
  '<math><mtext><table><mglyph><style><img src=x onerror="window.hacked = 13">',
].join('\n\n');
