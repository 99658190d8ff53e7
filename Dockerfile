# The emulated DPS and IoT Hub. Everything after the image's name goes to `moorage emulate`.
FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /moorage
COPY package.json package-lock.json .npmrc ./
COPY devs/package.json devs/
COPY tools ./tools
# tsx runs the TypeScript as it is, and is a development dependency of the project.
RUN npm ci --include=dev && npm cache clean --force
USER node
EXPOSE 8883 8443 1883 8080
ENTRYPOINT ["node", "tools/cli/moorage.mjs", "emulate", "--host", "0.0.0.0"]
