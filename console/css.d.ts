declare module '*.css' {} // esbuild makes one style sheet of them
declare module '@digdir/designsystemet-theme/digdir.css' {}
