// An echo server of Tomcat: java Tomcat.java PORT. See servers-python.py.
import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import org.apache.tomcat.websocket.server.WsContextListener;
import org.apache.tomcat.websocket.server.WsSci;

public class Tomcat {
    static final int LIMIT = 16 << 20;

    public static class Echo extends Endpoint {
        @Override
        public void onOpen(Session session, EndpointConfig config) {
            session.setMaxTextMessageBufferSize(LIMIT);
            session.setMaxBinaryMessageBufferSize(LIMIT);
            session.addMessageHandler(String.class, (MessageHandler.Whole<String>) text -> answer(session, text));
            session.addMessageHandler(ByteBuffer.class, (MessageHandler.Whole<ByteBuffer>) data -> {
                try {
                    session.getBasicRemote().sendBinary(data);
                } catch (IOException error) {
                    throw new UncheckedIOException(error);
                }
            });
        }

        private static void answer(Session session, String text) {
            try {
                String[] parts = text.split(" ", 3);
                if (parts.length == 3 && parts[0].equals("close")) {
                    session.close(new CloseReason(CloseReason.CloseCodes.getCloseCode(Integer.parseInt(parts[1])), parts[2]));
                } else {
                    session.getBasicRemote().sendText(text);
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        File folder = Files.createTempDirectory("tomcat").toFile();
        folder.deleteOnExit();
        var tomcat = new org.apache.catalina.startup.Tomcat();
        tomcat.setBaseDir(folder.getPath());
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(Integer.parseInt(arguments[0]));
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        var context = tomcat.addContext("", folder.getPath());
        context.addServletContainerInitializer(new WsSci(), null);
        context.addApplicationListener(WsContextListener.class.getName());
        org.apache.catalina.startup.Tomcat.addServlet(context, "default", new org.apache.catalina.servlets.DefaultServlet());
        context.addServletMappingDecoded("/", "default");
        tomcat.start();
        var container = (ServerContainer) context.getServletContext().getAttribute(ServerContainer.class.getName());
        container.addEndpoint(ServerEndpointConfig.Builder.create(Echo.class, "/").subprotocols(List.of("chat.v1")).build());
        tomcat.getServer().await();
    }
}
