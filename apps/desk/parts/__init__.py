"""Parts of the workbench that live in files of their own: what they read, where they act, how they look.

A part is a module here with `context(page, user)` and `urlpatterns`, a template `desk/parts/<name>.html`, and, where it
has any, `static/desk/parts/<name>.js` and `.css`. Its template sees the page's own variables and its context as `part`;
`reasons` is shown once for each post, with `member`. Its addresses stand in the namespace `desk`. Its script finds
`window.workbench` (see `static/desk/workbench.js`).
"""
